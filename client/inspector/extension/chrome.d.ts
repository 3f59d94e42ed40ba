/** The little of Chrome's extension interface that the panel uses. @see https://developer.chrome.com/docs/extensions/reference/api/devtools */
declare namespace chrome {
  interface Happening<Listener> {
    addListener(listener: Listener): void;
  }
  const i18n: { getUILanguage(): string };
  const devtools: {
    inspectedWindow: {
      /** `failure` is there when nothing could be evaluated, or it threw. */
      eval(expression: string, answer: (result: unknown, failure?: object) => void): void;
    };
    network: { onNavigated: Happening<(url: string) => void> };
    panels: {
      themeName: string;
      create(title: string, icon: string, page: string, made: (panel: Panel) => void): void;
    };
  };
  interface Panel {
    onShown: Happening<(window: Window) => void>;
    onHidden: Happening<() => void>;
  }
}
