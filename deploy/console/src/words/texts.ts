/** Texts by their keys; a key begins with its page's name. */

export type Texts = Record<string, readonly [english: string, russian: string]>;
