import "./style/index.css";
import { start } from "./router";
import { ROUTES } from "./routes";

await start(ROUTES);
