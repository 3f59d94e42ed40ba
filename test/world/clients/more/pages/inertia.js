import { router } from '@inertiajs/core';
import { bearer } from '../../pages/page.js';

const shown = (page) => {
  document.body.textContent = page.props.titles.join();
};

export function prepare() {
  const initialPage = { component: 'Notes', props: { titles: ['first'], errors: {} }, url: '/', version: '1', rescuedProps: [], flash: {} };
  router.init({ initialPage, resolveComponent: (name) => name, swapComponent: async ({ page }) => shown(page) });
  shown(initialPage);
}

export const write = (token) =>
  new Promise((resolve, reject) => {
    router.on('httpException', ({ detail }) => reject(new Error(`exception ${detail.response.status}`)));
    router.post('/api/notes', { title: 'a note' }, { headers: bearer(token), onSuccess: ({ props }) => resolve(props.titles), onNetworkError: reject });
  });
