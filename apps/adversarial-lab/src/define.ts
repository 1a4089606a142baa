import './adversarial-lab.js';
