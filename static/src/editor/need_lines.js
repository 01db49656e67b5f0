// The lines of a NEEDS section, read and written as builder/procedures/needs.py does, which decides.
const HEADING = /^\s*(?:#{1,6}\s*)?(?:\*\*)?NEEDS(?:\*\*)?\s*[:：]?(?:\*\*)?\s*$/;
const ITEM = /^\s*(?:[-*+•–]|\d{1,3}[.)])\s+/;
const MARK = /\s*[(（]\s*(optional|required)\s*[)）]\s*$/i;

export const TYPES = [
  ["text", "Text"],
  ["number", "Number"],
  ["date", "Date"],
  ["boolean", "Yes or no"],
  ["choice", "One of"],
];
const WRITTEN = { text: "text", number: "number", date: "date", "yes or no": "boolean", "yes/no": "boolean" };

const ATOM = "\ufffc";

/** The lines of the document as text, in which each mention is one character. */
export function words(doc) {
  const lines = [];
  doc.forEach((line) => lines.push(line.textBetween(0, line.content.size, "", ATOM)));
  return lines;
}

export const isHeading = (line) => HEADING.test(line);

export const nameKey = (name) => name.normalize("NFKC").replace(/[\s_-]+/g, " ").trim().toLowerCase();

/** The fields, each with the line it stands in: {index, text, mark, name, kind, type, choices, required, wrong}. */
export function readSection(lines) {
  const fields = [];
  let inside = false;
  lines.forEach((text, index) => {
    const mark = ITEM.exec(text)?.[0];
    if (isHeading(text)) inside = true;
    else if (inside && mark && text.slice(mark.length).trim()) fields.push({ index, text, mark, ...readItem(text.slice(mark.length)) });
    else if (text.trim()) inside = false;
  });
  const names = new Set();
  for (const field of fields) {
    if (names.has(nameKey(field.name))) field.wrong ||= "This name is listed twice.";
    names.add(nameKey(field.name));
  }
  return fields;
}

function readItem(item) {
  const optional = MARK.exec(item);
  const [name, ...rest] = (optional ? item.slice(0, optional.index) : item).split(/[:：]/);
  const kind = rest.join(":").replace(/\s+/g, " ").replace(/^[ .;,*]+|[ .;,*]+$/g, "");
  const field = { name: name.replace(/\s+/g, " ").replace(/^[ .;,*]+|[ .;,*]+$/g, ""), kind: kind || "text", type: "text", choices: [] };
  field.required = optional?.[1].toLowerCase() !== "optional";
  field.wrong = "";
  const oneOf = /^one of\b\s*:?/i.exec(kind);
  if (oneOf) {
    const words = kind.slice(oneOf[0].length).split(",");
    const last = words.pop().split(/ or (?!.* or )/);
    field.type = "choice";
    field.choices = [...words, ...last].map((one) => one.replace(/^[\s"“”„']+|[\s"“”„']+$/g, "")).filter(Boolean);
  } else if (kind && !Object.hasOwn(WRITTEN, kind.toLowerCase())) {
    field.wrong = `“${kind}” is not a type of field.`;
  } else if (kind) field.type = WRITTEN[kind.toLowerCase()];
  return field;
}

/** The list item that says this, without its mark. */
export function lineOf({ name, type, choices, required }) {
  const kind = { text: "", number: ": number", date: ": date", boolean: ": yes or no", choice: `: one of ${choices.join(", ")}` }[type];
  return `${name}${kind}${required ? "" : " (optional)"}`;
}
