// `Symbol.dispose` where the browser does not have it yet (Safari, older Firefox). Imported before the first class that uses it.
if ((Symbol as { readonly dispose?: symbol }).dispose === undefined) {
  Object.defineProperty(Symbol, 'dispose', { value: Symbol('Symbol.dispose') });
}
