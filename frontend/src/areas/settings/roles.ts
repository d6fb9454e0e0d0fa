/** The roles that people are given, from the least; and one that somebody has already, whatever it is. */
export function roles(held = "viewer"): string[] {
  const given = ["viewer", "editor", "admin"];
  return given.includes(held) ? given : [...given, held];
}
