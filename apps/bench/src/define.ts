import './backend-bench.js';
