/**
 * Networks in full size, 224 x 224, whose speed is known from elsewhere, with the bytes of their weights. They have
 * weights from a seed: for measuring, not for answers.
 */
export const standardNames: readonly {
  readonly id: string;
  readonly title: string;
  readonly bytes: number;
}[] = [
  { id: 'alexnet-224', title: 'AlexNet at 224', bytes: 244_403_360 },
  { id: 'vgg16-224', title: 'VGG-16 at 224, without classifier', bytes: 58_858_752 },
  { id: 'resnet18-224', title: 'ResNet-18 at 224', bytes: 46_758_048 },
  { id: 'resnet50-224', title: 'ResNet-50 at 224', bytes: 102_228_128 },
  { id: 'densenet121-224', title: 'DenseNet-121 at 224', bytes: 31_915_424 },
];
