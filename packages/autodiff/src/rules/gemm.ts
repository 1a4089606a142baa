import { floatAttribute, intAttribute } from '@convlens/onnx';
import { scale } from '../algebra.js';
import type { Rules } from '../rule.js';
import { sumTo } from '../shaping.js';

/**
 * Gemm, y = alpha A' B' + beta C, where ' transposes as the attributes say: dA' = alpha dy B'^T and
 * dB' = alpha A'^T dy, written so that no matrix has to be transposed first; dC = beta dy, summed over what was
 * repeated.
 */
export const gemm: Rules = {
  Gemm: (step) => {
    const { b, node, dy } = step;
    const [left, right] = [step.x(0), step.x(1)];
    const [turnedA, turnedB] = [intAttribute(node, 'transA', 0), intAttribute(node, 'transB', 0)];
    const alpha = floatAttribute(node, 'alpha', 1);
    const product = (x: string, turnX: number, y: string, turnY: number): string =>
      b.emit('Gemm', [x, y], { alpha, transA: turnX, transB: turnY });
    const dA = (): string =>
      turnedA ? product(right, turnedB, dy, 1) : product(dy, 0, right, 1 - turnedB);
    const dB = (): string =>
      turnedB ? product(dy, 1, left, turnedA) : product(left, 1 - turnedA, dy, 0);
    return [
      step.needs(0) ? dA() : undefined,
      step.needs(1) ? dB() : undefined,
      step.needs(2)
        ? scale(b, sumTo(b, dy, step.shape(2)), floatAttribute(node, 'beta', 1))
        : undefined,
    ];
  },
};
