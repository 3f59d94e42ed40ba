/** The page that DevTools opens for each window of its own; all it does is to put the panel there. */
chrome.devtools.panels.create('Holdfast', '', 'panel.html', (panel) => {
  // The panel's page is made when it's first shown, and hears of the rest by these.
  let shown: Window | null = null;
  panel.onShown.addListener((window) => {
    shown = window;
    window.dispatchEvent(new Event('panel-shown'));
  });
  panel.onHidden.addListener(() => shown?.dispatchEvent(new Event('panel-hidden')));
});
