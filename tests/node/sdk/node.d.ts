// The little of Node that these scripts use.
declare const process: { env: Record<string, string> }
declare module 'node:assert/strict' {
  export function deepEqual(found: unknown, expected: unknown, message?: string): void
}
