/* The entry: styles, router, shell. */
import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/pages.css";
import "./styles/hosts.css";
import "./styles/dns.css";
import "./styles/senders.css";
import "./styles/login.css";
import "./styles/flow.css";
import "./styles/todo.css";
import "./styles/map.css";
import "./styles/palette.css";
import "./styles/upload.css";
import { render } from "preact";
import { App } from "./app";
import { start } from "./lib/router";

start();
const root = document.getElementById("app");
if (root !== null)
	render(<App />, root);
