// Toolbar button that copies a link to the active tab's query.
import { ToolbarButton, useGraphiQL } from '@graphiql/react';
import { useState } from 'react';

import { linkTo } from './link';

/** Time for which the button says that it copied, in milliseconds. */
const CONFIRMATION = 2000;

/** Copies the link, or shows it where the browser forbids copying, such as over HTTP. */
export function ShareButton() {
  const [isCopied, setCopied] = useState(false);
  const { queryEditor, variableEditor, operationName } = useGraphiQL(
    ({ queryEditor, variableEditor, operationName }) => ({ queryEditor, variableEditor, operationName }),
  );
  const share = async () => {
    const link = linkTo({
      query: queryEditor?.getValue() ?? '',
      variables: variableEditor?.getValue() ?? '',
      operationName: operationName ?? null,
    });
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      prompt('Link to this query:', link);
      return;
    }
    setCopied(true);
    setTimeout(() => setCopied(false), CONFIRMATION);
  };
  return (
    <ToolbarButton
      label={isCopied ? 'Link copied' : 'Copy link to this query, without headers'}
      onClick={() => void share()}
    >
      <LinkIcon />
    </ToolbarButton>
  );
}

function LinkIcon() {
  return (
    <svg
      className="graphiql-toolbar-icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M10 14a4.5 4.5 0 0 0 6.4 0l3-3A4.5 4.5 0 0 0 13 4.6l-1 1M14 10a4.5 4.5 0 0 0-6.4 0l-3 3A4.5 4.5 0 0 0 11 19.4l1-1" />
    </svg>
  );
}
