import './switch-inspector.js';

export { switchPictures } from './switch-pictures.js';
