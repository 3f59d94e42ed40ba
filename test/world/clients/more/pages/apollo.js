import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';
import { API, bearer } from '../../pages/page.js';

const ADD = gql`
  mutation Add($title: String!) {
    add(title: $title) {
      id
    }
  }
`;

export async function write(token) {
  const retry = new RetryLink({ delay: { initial: 10 }, attempts: { max: 3 } });
  const link = ApolloLink.from([retry, new HttpLink({ uri: `${API}/graphql`, headers: bearer(token) })]);
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const { data } = await client.mutate({ mutation: ADD, variables: { title: 'a note' }, optimisticResponse: { add: { __typename: 'Note', id: 'optimistic' } } });
  return data.add.id;
}
