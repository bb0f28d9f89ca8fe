import { launch } from '../../launch.js';

launch(() => import('./serve.js'));
