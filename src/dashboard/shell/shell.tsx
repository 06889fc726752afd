import { useEffect } from "preact/hooks";
import { views } from "../views/index.ts";
import { signedIn } from "./api.ts";
import { Header } from "./header.tsx";
import { stayConnected } from "./live.ts";
import { place } from "./router.ts";
import { SignInPage } from "./sign-in-page.tsx";

export function Shell() {
  return signedIn.value ? <SignedIn /> : <SignInPage />;
}

function SignedIn() {
  useEffect(stayConnected, []);
  const { view, args } = place.value;
  const found = views.find(({ name }) => name === view);
  useEffect(() => {
    document.querySelector<HTMLElement>("main")?.scrollTo(0, 0);
  }, [view]);
  return (
    <>
      <a class="skip" href="#content" onClick={focusContent}>
        Skip to the content
      </a>
      <Header current={view} />
      <main id="content" tabIndex={-1}>
        {found === undefined ? <NoView /> : <found.View args={args} />}
      </main>
    </>
  );
}

/** Not by its address: that names the view. */
function focusContent(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#content")?.focus();
}

function NoView() {
  return (
    <section class="empty">
      <h1>There is no such view</h1>
      <p>
        <a href="#now">See what is going on now</a>
      </p>
    </section>
  );
}
