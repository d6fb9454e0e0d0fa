import { useEffect, useRef, useState, type ReactNode } from "react";

/** One thing that can be opened, and linked to by its id. What is in it is made when it is first seen. */
export function Entry({ id, open, head, children }: { id: string; open: boolean; head: ReactNode; children: ReactNode }) {
  const [seen, setSeen] = useState(open);
  const ref = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (!open || !ref.current) return;
    ref.current.open = true;
    ref.current.scrollIntoView();
  }, [open]);
  return (
    <details ref={ref} id={id} className="entry" data-testid="entry" onToggle={(e) => e.currentTarget.open && setSeen(true)}>
      <summary><h3>{head}</h3></summary>
      {seen && <div className="inside">{children}</div>}
    </details>
  );
}
