"""What a rule is written with: records, the Work that gathers changes, what a rule asks for, plans and states."""
