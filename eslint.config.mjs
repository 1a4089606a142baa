import js from '@eslint/js';
import jsdoc from 'eslint-plugin-jsdoc';
import { configs as lit } from 'eslint-plugin-lit';
import litA11y from 'eslint-plugin-lit-a11y';
import { configs as wc } from 'eslint-plugin-wc';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';

/** What each package may import: arrows point one way (docs/architecture.md). */
const MAY_IMPORT = {
  onnx: [],
  autodiff: ['onnx'],
  optimizer: ['onnx'],
  runtime: ['onnx'],
  adapters: ['onnx'],
  data: ['onnx'],
  core: ['onnx', 'autodiff', 'adapters', 'data', 'runtime'],
  training: ['onnx', 'autodiff', 'adapters', 'runtime'],
  kernels: [],
  tfjs: ['onnx', 'autodiff', 'runtime', 'kernels'],
  engine: ['onnx', 'autodiff', 'optimizer', 'adapters', 'data', 'runtime', 'core', 'tfjs'],
  elements: ['onnx', 'adapters', 'data', 'core', 'engine'],
  cli: ['onnx', 'autodiff', 'adapters', 'data', 'runtime', 'core', 'training', 'engine'],
};
const APP = ['onnx', 'adapters', 'data', 'core', 'engine', 'elements'];

/** What each app may import: packages, and never another app. The gallery brings the apps together. */
const APPS_MAY_IMPORT = {
  'filter-viewer': APP,
  'dream-studio': APP,
  bench: APP,
  'adversarial-lab': APP,
};
const GALLERY_MAY_IMPORT = [...Object.keys(APPS_MAY_IMPORT), 'elements', 'engine', 'models'];
const PACKAGES = [
  ...Object.keys(MAY_IMPORT),
  ...Object.keys(APPS_MAY_IMPORT),
  'gallery',
  'models',
  'e2e',
  'tooling',
];
const RUNTIMES = ['onnxruntime-*', 'onnxruntime-*/*', '@tensorflow/*'];

/** Packages that may import them. */
const KNOW_RUNTIMES = ['engine', 'tfjs'];

/**
 * Forbids what the sources in a folder must not import: packages above them, files of another package past its public names,
 * and runtimes outside the engine; at the start or later.
 */
function direction(folder, allowed) {
  const name = folder.split('/')[1];
  const above = PACKAGES.filter((other) => other !== name && !allowed.includes(other));
  const message = `${name} may import ${allowed.join(', ') || 'no other package'} only.`;
  return {
    files: [`${folder}/src/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: above.flatMap((other) => [`@convlens/${other}`, `@convlens/${other}/*`]),
              message,
            },
            {
              regex: '^(\\.\\./)+(packages|apps)/|/(src|dist)/',
              message: 'Packages are imported by their public names.',
            },
            ...(KNOW_RUNTIMES.includes(name)
              ? []
              : [{ group: RUNTIMES, message: 'Only the engine knows the runtimes.' }]),
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: `ImportExpression[source.value=/^@convlens.(${above.join('|')})($|[/])/]`,
          message,
        },
      ],
    },
  };
}

export default defineConfig(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/test-results/**',
      '**/artifacts/**',
      '**/.turbo/**',
      // AssemblyScript, which its own compiler checks.
      'packages/kernels/assembly/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        Event: 'readonly',
        PerformanceObserver: 'readonly',
        URL: 'readonly',
        console: 'readonly',
        performance: 'readonly',
        document: 'readonly',
        process: 'readonly',
        requestAnimationFrame: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
  {
    files: ['**/*.ts'],
    extends: [ts.configs.recommendedTypeChecked, ts.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['packages/*/tsconfig*.json', 'apps/*/tsconfig.json', 'tsconfig.tests.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Index access is checked by the compiler; the assertions that remain are where an index is known to be good.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      // Members are bound by the arrow functions that lit listeners are written as.
      '@typescript-eslint/unbound-method': ['error', { ignoreStatic: true }],
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    plugins: { jsdoc },
    rules: {
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: { esm: true },
          require: { ClassDeclaration: true, FunctionDeclaration: true, MethodDefinition: true },
          contexts: [
            'TSInterfaceDeclaration',
            'TSTypeAliasDeclaration',
            'ExportNamedDeclaration > VariableDeclaration',
          ],
          checkConstructors: false,
          checkGetters: true,
          enableFixer: false,
        },
      ],
    },
  },
  {
    files: ['packages/elements/src/**/*.ts', 'apps/*/src/**/*.ts'],
    extends: [lit['flat/recommended'], wc['flat/recommended']],
    plugins: { 'lit-a11y': litA11y },
    settings: { wc: { elementBaseClasses: ['LitElement'] } },
    rules: litA11y.configs.recommended.rules,
  },
  ...Object.entries(MAY_IMPORT).map(([name, allowed]) => direction(`packages/${name}`, allowed)),
  ...Object.entries(APPS_MAY_IMPORT).map(([name, allowed]) => direction(`apps/${name}`, allowed)),
  direction('apps/gallery', GALLERY_MAY_IMPORT),
);
