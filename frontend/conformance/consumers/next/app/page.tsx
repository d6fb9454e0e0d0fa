// A server component that uses what of the package is no hook.
import { paramsOf, type VideoQuery } from "@reelroom/react";
import { Library } from "./library";

const query: VideoQuery = { status: ["queued", "processing", "completed", "failed"], sort: "-createdAt" };

export default function Page() {
  return (
    <main>
      <p id="query">{paramsOf(query).toString()}</p>
      <Library query={query} />
    </main>
  );
}
