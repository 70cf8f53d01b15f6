"""`python -m paydesk` is the command `paydesk`."""

from paydesk.cli import main

if __name__ == "__main__":
    main()
