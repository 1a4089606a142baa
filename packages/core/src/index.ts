export {
  gradCam,
  gradient,
  gradientTimesInput,
  guidedGradCam,
  integratedGradients,
  occlusion,
  saliency,
  smoothGrad,
  type OnStep,
} from './attribution/attribution.js';
export { attribute, type Attributed } from './attribution/attribute.js';
export { attributionDescriptions } from './attribution/descriptions.js';
export {
  attributionMethods,
  type AttributionDescription,
  type AttributionMethod,
  type AttributionTask,
} from './attribution/methods.js';
export { gradCamLayer, layersBelow } from './attribution/cam-layer.js';
export { normalNoise } from './attribution/noise.js';
export {
  gradientProblem,
  Gradients,
  seedOf,
  type Backward,
  type Seed,
  type Target,
  type UnitTerm,
} from './gradients/gradients.js';
export { project, projectAll, type Projection } from './projection/projection.js';
export { projectionDescriptions } from './projection/descriptions.js';
export { projectionRules, type ProjectionRule } from './projection/rules.js';
export { maxPoolingOf, poolingSwitches, type MaxPooling } from './pooling-switches/switches.js';
export { randomiseWeights, weightedLayers } from './randomisation/randomisation.js';
export { softmax, topClasses, type ClassScore, type Scores } from './classify/classify.js';
export { FeatureMaps, findLayer } from './feature-maps/feature-maps.js';
export {
  channelStatistics,
  mapExtents,
  type ChannelStatistics,
} from './feature-maps/statistics.js';
export {
  receptiveFields,
  type AxisField,
  type ReceptiveField,
} from './receptive-field/receptive-field.js';
export { fieldWindow, seenWindow, type FieldWindow } from './receptive-field/window.js';
export {
  emptyRanking,
  rankImage,
  strongestPlaces,
  type Ranking,
  type StrongPlace,
} from './strongest-patches/ranking.js';
export { hasKernels, kernels, type Kernels } from './weights/kernels.js';
export {
  Ascent,
  type AscentState,
  type PictureState,
  type StepReport,
} from './optimisation/ascent.js';
export type { AscentOptions } from './optimisation/plan.js';
export {
  optimiserParameters,
  optimisers,
  type Optimiser,
} from './optimisation/optimisers/table.js';
export { penalties, penaltyParameters, type Penalty } from './optimisation/penalties/table.js';
export { parametrisations } from './optimisation/parametrisations.js';
export { transforms, type Transform } from './optimisation/transforms/table.js';
export { Goals, type Evaluation } from './optimisation/goal-program.js';
export type { Objective, Term } from '@convlens/autodiff';
export { termParameters } from './optimisation/terms.js';
export { Dream, type DreamOptions, type DreamState } from './dream/dream.js';
export { checkRecipe, readRecipe } from './recipe/check.js';
export { ascentRecipeParameters, dreamRecipeParameters } from './recipe/schema.js';
export {
  classGoal,
  dreamRecipe,
  presets,
  reconstructRecipe,
  standardTransforms,
  visualizeRecipe,
  type Preset,
} from './recipe/presets.js';
export { inversionSmoothing, invertRecipe, type LayerGraph } from './recipe/inversion.js';
export {
  RECIPE_VERSION,
  type AscentRecipe,
  type DreamRecipe,
  type Recipe,
} from './recipe/recipe.js';
export { PACE, startRun, type RecipeImages, type Run, type RunState } from './recipe/run.js';
export {
  attack,
  robustAccuracy,
  successRate,
  type Attacked,
  type AttackOutcome,
  type AttackRequest,
} from './attacks/attack.js';
export { attackNorms, ballAround, distance, type AttackNorm, type Ball } from './attacks/ball.js';
export type {
  Classifier,
  Queries,
  ClassifierObjective,
  ClassifierGradient,
} from './attacks/classifier.js';
export {
  attackLosses,
  crossEntropy,
  probabilityOfOthers,
  logitsRatio,
  margin,
  topClass,
  type AttackLoss,
} from './attacks/losses.js';
export {
  perturbationSize,
  structuralSimilarity,
  type PerturbationSize,
} from './attacks/measures.js';
export type {
  AttackMethod,
  AttackParameters,
  AttackStep,
  AttackTask,
  OnAttackStep,
} from './attacks/method.js';
export type {
  ChoiceParameter,
  NumberParameter,
  Parameter,
  Parameters,
  Settings,
} from './schema/parameter.js';
export { filled, settingOf, settingsOf } from './schema/settings.js';
export { NetworkClassifier } from './attacks/network-classifier.js';
export { attackMethods } from './attacks/registry.js';
export { pictureOf, planesOf } from './attacks/pictures.js';
export { keepingOf, roundToBytes, type Keeping, type Rounded } from './attacks/rounding.js';
export type { Defence, ImageShape, Passage } from './defences/defence.js';
export { DefendedClassifier, type Defended } from './defences/defended-classifier.js';
export { defences } from './defences/registry.js';
export { universalPerturbation, type Universal, type UniversalTask } from './attacks/universal.js';
export {
  robustnessCurves,
  type CurveAttack,
  type CurvePoint,
  type CurveProgress,
  type CurveTask,
  type RobustnessCurve,
} from './robustness/curve.js';
export {
  transferMatrix,
  type TransferCell,
  type TransferNetwork,
  type TransferTask,
} from './robustness/transfer.js';
export {
  divergence,
  type ChannelDivergence,
  type DivergenceTask,
  type LayerDivergence,
} from './divergence/divergence.js';
export {
  decisionPlane,
  type DecisionPlane,
  type DecisionPlaneTask,
} from './decision-plane/decision-plane.js';
export {
  printPatch,
  trainPatch,
  tryPatch,
  type PatchPictures,
  type PatchStep,
  type PatchSuccess,
  type PatchTask,
} from './patch/adversarial-patch.js';
export { patchShapes, type Patch, type PatchShape, type Placing } from './patch/placement.js';
export { foolByEvolution } from './fooling/evolution.js';
export { foolByGradient, type FoolingImage, type FoolingTask } from './fooling/fooling-image.js';
export {
  measurePeak,
  measureWork,
  type MeasuredWork,
  type Watch,
  type WorkRequest,
} from './measure/measure.js';
export { operatorCases, runOperatorCases, type OperatorAnswer } from './measure/operator-cases.js';
export { readReport } from './measure/read-report.js';
export {
  operatorRows,
  relativeDifference,
  REPORT_VERSION,
  reportCsv,
  workRow,
  type BenchReport,
  type Machine,
  type OperatorRow,
  type RuntimeRow,
  type WorkRow,
} from './measure/report.js';
export { works, type Work, type WorkAnswer } from './measure/workload.js';
