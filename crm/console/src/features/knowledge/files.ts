/** Kinds of files the knowledge base reads, by their endings. */
export const READABLE = [".pdf", ".docx", ".xlsx", ".html", ".htm", ".md", ".markdown", ".txt", ".csv"];

export function isReadable(name: string): boolean {
  return READABLE.some((ending) => name.toLowerCase().endsWith(ending));
}
