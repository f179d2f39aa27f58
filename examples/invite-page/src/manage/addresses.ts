// Addresses in pasted text.

/** Most rows of a mutation. */
export const MAX_ADDRESSES = 100;

/** Returns the addresses in a text that separates them by commas, semicolons, spaces or lines. Each once. */
export const addressesIn = (text: string) => [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
