// The editor makes `<style>` elements; this page lets stand those that carry its nonce. Must be loaded first.
const { nonce } = document.getElementById("config") as HTMLScriptElement;
const create = document.createElement.bind(document);

document.createElement = ((name: string, options?: ElementCreationOptions) => {
  const made = create(name, options);
  if (made instanceof HTMLStyleElement) made.nonce = nonce;
  return made;
}) as typeof document.createElement;
