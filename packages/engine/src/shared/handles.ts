/** What requests call an open network. Made by the page's side, and good as long as its handle is held. */
export type NetworkId = string & { readonly of: 'network' };

/** What requests call a kept image. Made by the page's side, and good as long as its handle is held. */
export type ImageId = string & { readonly of: 'image' };
