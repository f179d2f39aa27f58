// Screen with a single message, such as an error.
import type { ReactNode } from 'react';

export function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="card alone">
      <title>{title}</title>
      <h1>{title}</h1>
      {children}
    </section>
  );
}
