/** One thing that is wrong with an object of a render. */
export interface Finding {
  /** Which rule says so: a word that stays the same. */
  readonly rule: string;
  /** `Deployment/order-api`. */
  readonly object: string;
  /** Where in the object, with dots; empty for the whole. */
  readonly path: string;
  /** What is wrong and what it should be. */
  readonly message: string;
}

/** `k8s/overlays/dev: Deployment/order-api: spec.replicas: … [autoscaling]` */
export function lineOf(render: string, { rule, object, path, message }: Finding): string {
  return [render, object, path, `${message} [${rule}]`].filter((part) => part !== '').join(': ');
}
