import { Missing } from "../../parts/Missing";

export default function Join() {
  return <main className="wrap main"><Missing /></main>;
}
