const USUAL = 20;
const MOST = 200;

/** Returns one page of a list, with links to the other pages and the total length. */
export function onePage(name: string, items: readonly unknown[], url: URL): object {
  const size = Math.min(numberOf(url, "per_page", USUAL), MOST);
  const page = numberOf(url, "page", 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const to = (number: number): string => {
    const link = new URL(url);
    link.searchParams.set("page", String(number));
    return link.href;
  };
  const before = page > 1 ? { first: to(1), prev: to(page - 1) } : {};
  const after = page < last ? { next: to(page + 1), last: to(last) } : {};
  const pages = { ...before, ...after };
  return {
    [name]: items.slice((page - 1) * size, page * size),
    links: Object.keys(pages).length > 0 ? { pages } : {},
    meta: { total: items.length },
  };
}

function numberOf(url: URL, name: string, usual: number): number {
  const number = Number(url.searchParams.get(name) ?? usual);
  return Number.isInteger(number) && number > 0 ? number : usual;
}
