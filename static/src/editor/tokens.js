// Mentions as text. The same expression as in builder/procedures/mentions.py; a `.` would mean something else there.
export const TOKEN =
  /@\[((?:[^\[\]\\\r\n\u2028\u2029]|\\[\[\]\\])+)\]\((agent|person|group):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\)/g;

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isId = (text) => ID.test(text);

export const write = (id, name, kind = "agent") => `@[${name.replace(/[\[\]\\]/g, "\\$&")}](${kind}:${id})`;

/** One line as plain pieces (never empty) and `{id, kind, name}`. */
export function split(line) {
  const parts = [];
  let position = 0;
  for (const match of line.matchAll(TOKEN)) {
    if (position < match.index) parts.push(line.slice(position, match.index));
    parts.push({ id: match[3], kind: match[2], name: match[1].replace(/\\([\[\]\\])/g, "$1") });
    position = match.index + match[0].length;
  }
  if (position < line.length) parts.push(line.slice(position));
  return parts;
}
