/** The sub-pages of a page, as links: each has an address of its own. */

export interface Tab {
  href: string;
  title: string;
  isCurrent: boolean;
}

export function Tabs({ label, tabs }: { label: string; tabs: Tab[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.href} href={tab.href} aria-current={tab.isCurrent ? "page" : undefined}>{tab.title}</a>
      ))}
    </nav>
  );
}
