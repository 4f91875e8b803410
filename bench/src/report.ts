export function verdict(holds: boolean): string {
  return holds ? 'holds' : 'DOES NOT HOLD';
}
