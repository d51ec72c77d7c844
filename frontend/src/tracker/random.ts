/** A new id: 128 random bits. crypto.randomUUID is not there on pages without https. */
export const randomId = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");
