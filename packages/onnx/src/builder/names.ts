import { LensError } from '../errors.js';
import type { Graph, Node } from '../graph.js';
import { valueNames } from '../value-names.js';

/** The names of a graph that is being built. Values and nodes share them, so that none is ever ambiguous. */
export class Names {
  /** Names that are not new: those of all values and nodes, of the graph that is rewritten too. */
  readonly #taken: Set<string>;
  readonly #ofNodes: Set<string>;
  /** Values that are there. */
  readonly #made: Set<string>;

  /**
   * @param graph what is built from
   * @param nodes those of its nodes that are there from the beginning
   */
  constructor(graph: Graph, nodes: readonly Node[]) {
    this.#taken = valueNames(graph);
    this.#ofNodes = new Set(graph.nodes.map(({ name }) => name));
    for (const name of this.#ofNodes) this.#taken.add(name);
    this.#made = valueNames({ ...graph, nodes });
  }

  /**
   * A name that neither a value nor a node has.
   *
   * @param wanted the name; a number is put behind it when it is taken
   */
  free(wanted: string): string {
    let name = wanted;
    for (let count = 1; this.#taken.has(name); count++) name = `${wanted}_${count}`;
    return name;
  }

  /**
   * As `free`, for a value that is there from now on.
   *
   * @param wanted the name
   */
  fresh(wanted: string): string {
    const name = this.free(wanted);
    this.claim(name);
    return name;
  }

  /**
   * Takes a name that no value has so far: a new one or, in a graph that is rewritten, that of a value that nothing makes any
   * more.
   *
   * @param name the name
   * @throws LensError `E_ARGUMENT` when a value has it
   */
  claim(name: string): void {
    if (name === '' || this.#made.has(name)) {
      throw new LensError(
        'E_ARGUMENT',
        `A new value cannot be named "${name}": the name is ${name ? 'taken' : 'empty'}.`,
      );
    }
    this.#taken.add(name);
    this.#made.add(name);
  }

  /**
   * Takes a name for a node that is taken over.
   *
   * @param name the name
   */
  claimNode(name: string): void {
    this.#taken.add(name);
    this.#ofNodes.add(name);
  }

  /**
   * A name for a node that no other node has.
   *
   * @param wanted the name, perhaps that of a value
   */
  ofNode(wanted: string): string {
    const name = this.#ofNodes.has(wanted) ? this.free(wanted) : wanted;
    this.claimNode(name);
    return name;
  }
}
