import "./style/index.css";
import { start } from "./router";
import { ROUTES } from "./routes";
import { speakFirst } from "./words";

await speakFirst();
await start(ROUTES);
