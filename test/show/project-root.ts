import { fileURLToPath } from 'node:url';

/** The checkout that this was built in: from dist/test/show/. */
export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));
