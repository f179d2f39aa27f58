// Reads figures of processes from /proc.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

const MICROS_A_TICK = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

// Returns the CPU time in microseconds of all threads of a process, and of its children that have
// ended. The kernel rounds the exact sum to ticks of 10 ms, so errors do not add up.
export function cpuOf(pid) {
  let stat;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return { own: 0, ended: 0 };
    throw error;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
  const [utime, stime, cutime, cstime] = fields.slice(11, 15);
  return { own: (utime + stime) * MICROS_A_TICK, ended: (cutime + cstime) * MICROS_A_TICK };
}

// Returns the resident memory in bytes: current and peak.
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) * 1024;
  return { resident: bytes('VmRSS'), peak: bytes('VmHWM') };
}

// Returns the number of open file descriptors of a process.
export const descriptorsOf = (pid) => readdirSync(`/proc/${pid}/fd`).length;
