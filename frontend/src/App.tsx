import { Room } from "./parts/Room";
import { SignIn } from "./parts/SignIn";
import { useSession } from "./lib/session";

export function App() {
  const session = useSession();
  return session ? <Room key={session.token} session={session} /> : <SignIn />;
}
