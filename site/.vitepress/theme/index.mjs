import { useData } from "vitepress";
import DefaultTheme from "vitepress/theme";
import { onMounted, watch } from "vue";
import "./style.css";

/** Marks the content of pages whose layout has no `main` element: the first one, and errors. */
function markContent() {
  const content = document.getElementById("VPContent");
  if (content?.querySelector("main") === null) content.setAttribute("role", "main");
  else content?.removeAttribute("role");
}

export default {
  extends: DefaultTheme,
  setup() {
    const { page } = useData();
    onMounted(markContent);
    watch(page, markContent, { flush: "post" });
  },
};
