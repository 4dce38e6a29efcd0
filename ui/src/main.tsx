import "./style/base.css";
import "./style/fonts.css";
import "./style/tokens.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { takeToken } from "@/api/token";
import { App } from "@/app/App";
import { startTheme } from "@/app/theme";

startTheme();
takeToken();
const place = document.getElementById("page");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
