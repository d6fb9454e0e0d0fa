import { Missing } from "../../parts/Missing";

export default function Reset() {
  return <main className="wrap main"><Missing /></main>;
}
