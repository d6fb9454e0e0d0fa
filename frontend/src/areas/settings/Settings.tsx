import type { Session } from "../../lib/session";
import { Missing } from "../../parts/Missing";

export default function Settings(props: { part?: string; session: Session }) {
  void props;
  return <Missing />;
}
