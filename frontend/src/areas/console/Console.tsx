import type { Session } from "../../lib/session";
import { Missing } from "../../parts/Missing";

export default function Console(props: { session: Session }) {
  void props;
  return <Missing />;
}
