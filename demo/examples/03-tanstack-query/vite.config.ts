import { holdfast } from 'holdfast/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [holdfast({ api: '/api' })] });
