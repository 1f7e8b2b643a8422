// Strings kept by the browser, or, where it keeps none for this page, while the page is open.

class Store {
  private readonly here = new Map<string, string>();
  constructor(private readonly area: () => Storage) {}

  get(key: string): string {
    try {
      return this.area().getItem(key) ?? '';
    } catch {
      return this.here.get(key) ?? '';
    }
  }

  set(key: string, value: string): void {
    try {
      this.area().setItem(key, value);
    } catch {
      this.here.set(key, value);
    }
  }
}

export const ofThisTab = new Store(() => sessionStorage);
export const ofThisBrowser = new Store(() => localStorage);
