// Where a reader goes after signing in.

const HOME = "/";
const PAGE = /^\/(?![/\\])/; // one slash: two begin the name of another host, and a browser takes \ for a slash

/**
 * The path and query of `next` when it is a page of this site, else `/`. Anybody may have written `next` into a link.
 * It is judged before and after the browser has resolved it: resolving removes tabs, line breaks and `/./`.
 */
export function homeward(next, origin = location.origin) {
  if (!PAGE.test(next ?? "")) return HOME;
  let target;
  try {
    target = new URL(next, origin);
  } catch {
    return HOME;
  }
  const address = target.pathname + target.search;
  return target.origin === origin && PAGE.test(address) ? address : HOME;
}
