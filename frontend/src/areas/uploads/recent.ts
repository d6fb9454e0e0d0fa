/** A set of texts that forgets the oldest beyond a number; "" is never in it. */
export class Recent {
  private readonly all = new Set<string>();

  constructor(private readonly most: number) {}

  has = (text: string): boolean => this.all.has(text);

  add(text: string): void {
    if (text === "") return;
    this.all.delete(text);
    this.all.add(text);
    if (this.all.size > this.most) for (const oldest of this.all) return void this.all.delete(oldest);
  }
}
