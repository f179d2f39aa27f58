// Counts checks, and collects failures.

const findings = [];
let checked = 0;

/** Counts a check, and records a failure unless it holds. */
export function expect(holds, file, message) {
  checked += 1;
  if (!holds) findings.push(`${file}: ${message}`);
  return Boolean(holds);
}

export function report() {
  for (const finding of findings) console.error(finding);
  console.log(`${checked - findings.length} passed, ${findings.length} failed`);
  return findings.length === 0;
}
