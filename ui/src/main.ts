// Connects to the backend and mounts the window.
import "./locale";
import { mount } from "svelte";
import App from "./App.svelte";
import { connect } from "./backend";
import { app } from "./state.svelte";
import "./style/tokens.css";
import "./style/base.css";

app.start(await connect());
mount(App, { target: document.body });
