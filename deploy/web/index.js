/* For bundlers: the same files as a page or a worker loads by itself. Each leaves what it offers at `self`. */
import "./hpke.js";
import "./sdk.js";

export const rpns = self.rpns;
export const hpke = self.hpke;
