import "./style/base.css";
import "./style/fonts.css";
import "./style/tokens.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startEvents } from "@/api/events";
import { findToken, takeToken } from "@/api/token";
import { App } from "@/app/App";
import { NoToken } from "@/app/NoToken";
import { startTheme } from "@/app/theme";

startTheme();
takeToken();
// The address with another token, pasted over this one, loads nothing by itself.
addEventListener("hashchange", () => {
  if (!location.hash.includes("token=")) return;
  takeToken();
  location.reload();
});

const place = document.getElementById("page");
if (place) {
  const root = createRoot(place);
  findToken().then((token) => {
    if (token) startEvents();
    root.render(<StrictMode>{token ? <App /> : <NoToken />}</StrictMode>);
  });
}
